// Entry of the article: its text is in the page; figures come as the reader gets near.

import '../article/live-figure';
import '../kit/site-header';
