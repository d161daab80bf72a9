/**
 * Files that are dropped on a part of the page.
 *
 * @import { Composer } from "./composer.js"
 */

/**
 * `target()` is the composer that takes them; null if there is none now.
 * @param {HTMLElement} place
 * @param {() => Composer | null} target
 */
export function takeDrops(place, target) {
  /** @type {(event: DragEvent) => FileList | null} */
  const filesOf = ({ dataTransfer }) => (dataTransfer?.types.includes("Files") && target() ? dataTransfer.files : null);
  place.addEventListener("dragover", (event) => {
    if (!filesOf(event)) return;
    event.preventDefault();
    place.classList.add("drop");
  });
  place.addEventListener("dragleave", () => place.classList.remove("drop"));
  place.addEventListener("drop", (event) => {
    place.classList.remove("drop");
    const files = filesOf(event);
    if (!files) return;
    event.preventDefault();
    target()?.addFiles(files);
  });
}
