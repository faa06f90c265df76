// Entry of the site's first page: the shell at once, then the MNIST lab as a task of its own.

import '../kit/base.css';
import '../kit/site-header';

void import('../labs/mnist/mnist-lab');
