import { rooms } from './shell/rooms';
document.title = rooms[0]?.name ?? document.title;
