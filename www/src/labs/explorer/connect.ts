// The explorer's worker, as pages start it.

import { connect, type Connection } from '../../kit/remote';
import { ExplorerController, type ExplorerHost } from './controller';
import './panel';
import type { ExplorerService } from './protocol';
import script from './worker/explorer.worker?worker&url';

export function explorerOf(host: ExplorerHost): ExplorerController {
  return new ExplorerController(host, (): Connection<ExplorerService> => connect<ExplorerService>(script));
}
