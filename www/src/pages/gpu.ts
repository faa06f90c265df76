// Entry of the page about the graphics adapter: the shell at once, then the measurements as a task of their own.

import '../kit/base.css';
import '../kit/site-header';

void import('../gpu/your-gpu');
