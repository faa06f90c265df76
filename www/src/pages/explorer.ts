// Entry of the partition explorer's page: the shell at once, then the explorer on what the address names.

import '../kit/base.css';
import '../kit/site-header';

void import('../labs/explorer-page').then(({ open }) => open(document.querySelector('main')));
