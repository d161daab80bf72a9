/** Files that are dropped on a part of the page. */

/** `target()` is the composer that takes them; null if there is none now. */
export function takeDrops(place, target) {
  const isFile = (event) => event.dataTransfer?.types.includes("Files") && target() !== null;
  place.addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    place.classList.add("drop");
  });
  place.addEventListener("dragleave", () => place.classList.remove("drop"));
  place.addEventListener("drop", (event) => {
    place.classList.remove("drop");
    if (!isFile(event)) return;
    event.preventDefault();
    target().addFiles(event.dataTransfer.files);
  });
}
