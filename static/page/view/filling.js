/**
 * What `ready` does not tell: the newest messages, who is there, the inbox,
 * what one has begun to write, the threads that one follows, what one has saved
 * and scheduled.
 *
 * @import { Parlor } from "../../client/parlor.js"
 * @import { Room } from "../../client/types.js"
 * @import { Blocks } from "./blocks.js"
 */

/** People one writes with directly whose presence is asked for. */
const PEERS_ASKED = 30;

/**
 * What cannot be read is shown without.
 *
 * @param {Parlor} parlor
 * @param {Blocks} blocks
 * @param {Room[]} rooms
 * @param {() => void} paint
 */
export async function fill(parlor, blocks, rooms, paint) {
  const { chat } = parlor;
  const { moment } = chat;
  const peers = rooms.flatMap(({ peer }) => (peer ? [peer.id] : [])).slice(0, PEERS_ASKED);
  await Promise.allSettled([
    parlor.rooms((page) => {
      for (const room of page) chat.fillRoom(room);
      paint();
    }),
    parlor.loadInbox(),
    parlor.drafts(),
    parlor.loadThreads(),
    parlor.loadSaved(),
    parlor.loadScheduled(),
    blocks.load(),
    ...peers.map((peer) => parlor.presenceOf(peer).then((presence) => chat.learnPresence(presence, moment))),
  ]);
  paint();
}
