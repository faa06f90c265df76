// Entry of the gallery: all figures of the registry.

import './style/base.css';
import './shell/site-header';
import './figures/gallery';
