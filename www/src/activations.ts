// Entry of the activations lab: the shell at once, then the lab as a task of its own.

import './style/base.css';
import './shell/site-header';

void import('./activations/activations-lab');
