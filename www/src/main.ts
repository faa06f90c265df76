// Entry of the site's first page: the shell, and the MNIST lab.

import './style/base.css';
import './shell/site-header';
import './lab/mnist-lab';
