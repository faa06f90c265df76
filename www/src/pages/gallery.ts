// Entry of the gallery: all figures of the registry.

import '../kit/base.css';
import '../kit/text.css';
import '../gallery/page.css';
import '../kit/site-header';
import '../gallery/gallery';
