// Entry of the page of results: all of it is in the page, made when the site is built.

import '../kit/site-header';
