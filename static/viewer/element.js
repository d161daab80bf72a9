/** @type {(name: string, text: string, ...children: (Node | string)[]) => HTMLElement} */
export const element = (name, text, ...children) => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
};

/** @type {(text: string, pressed: () => void) => HTMLElement} */
export const button = (text, pressed) => {
  const made = element("button", text);
  made.setAttribute("type", "button");
  made.addEventListener("click", pressed);
  return made;
};
