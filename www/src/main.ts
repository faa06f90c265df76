// Entry of the site's first page: the shell at once, then the MNIST lab as a task of its own.

import './style/base.css';
import './shell/site-header';

void import('./lab/mnist-lab');
