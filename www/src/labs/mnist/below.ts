// The panels below the first screen: they are loaded once there is something to show in them, so that the
// page opens and its data arrive sooner.

import '../../lab/experiments/panel';
import '../../lab/kept-list';
import '../../lab/results';
import '../../lab/variants/panel';
import './codes';
import './compare/panel';
import './digits';
import './drawing/panel';
import './editing/panel';
import './explain/panel';
import './explorer';
import './filters/panel';
import './quality';
import './tour/card';
