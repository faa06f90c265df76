// Entry of the activations lab: the shell at once, then the lab as a task of its own.

import '../kit/base.css';
import '../kit/site-header';

void import('../labs/activations/activations-lab');
