// Runs in a page: what is hard to read or to work there, one line each.
(() => {
  const found = [];
  const isSeen = (element) =>
    element.checkVisibility({ visibilityProperty: true }) &&
    element.closest("[aria-hidden]") === null;
  const describe = (element) =>
    `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}"> ${JSON.stringify((element.textContent ?? "").trim().slice(0, 40))}`;

  // Colours, as the browser has come to them.
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return { red, green, blue, alpha: alpha / 255 };
  };
  const over = (top, below) => ({
    red: top.red * top.alpha + below.red * (1 - top.alpha),
    green: top.green * top.alpha + below.green * (1 - top.alpha),
    blue: top.blue * top.alpha + below.blue * (1 - top.alpha),
    alpha: 1,
  });
  const groundOf = (element) => {
    const own = rgba(getComputedStyle(element).backgroundColor);
    if (own.alpha === 1) return own;
    const below = element.parentElement === null ? rgba("white") : groundOf(element.parentElement);
    return over(own, below);
  };
  // WCAG 2.2, § relative luminance and contrast ratio.
  const luminance = ({ red, green, blue }) => {
    const [r, g, b] = [red, green, blue].map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const looked = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === "" || looked.has(element) || !isSeen(element)) continue;
    looked.add(element);
    if (element.closest(".unseen, .skip, :disabled") !== null) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const ground = groundOf(element);
    const ratio = contrast(over(rgba(color), ground), ground);
    const size = Number.parseFloat(fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5))
      found.push(`contrast ${ratio.toFixed(2)} of ${describe(element)}`);
    if (size < 12) found.push(`${fontSize} of ${describe(element)}`);
  }

  // Borders of what is filled in, and of bars: 3 to 1.
  for (const element of document.querySelectorAll("input:not([type=checkbox]), select, textarea")) {
    if (!isSeen(element)) continue;
    const ratio = contrast(
      rgba(getComputedStyle(element).borderTopColor),
      groundOf(element.parentElement),
    );
    if (ratio < 3) found.push(`border ${ratio.toFixed(2)} of ${describe(element)}`);
  }

  // Names, landmarks, headings, ids.
  const nameOf = (element) =>
    element.getAttribute("aria-label") ??
    (element.getAttribute("aria-labelledby") === null
      ? [...(element.labels ?? [])].map((label) => label.textContent).join(" ") ||
        element.textContent
      : document.getElementById(element.getAttribute("aria-labelledby"))?.textContent);
  for (const element of document.querySelectorAll(
    "a, button, input, select, textarea, summary, nav, form[role], [role=meter], [tabindex='0']",
  )) {
    if (!isSeen(element)) continue;
    if ((nameOf(element) ?? "").trim() === "") found.push(`no name of ${describe(element)}`);
    const { width, height } = element.getBoundingClientRect();
    if (element.matches("button, select, input") && Math.min(width, height) < 17) {
      found.push(`${width} × ${height} of ${describe(element)}`);
    }
  }
  const headings = [...document.querySelectorAll("h1, h2, h3")].filter(isSeen);
  const firsts = headings.filter((heading) => heading.tagName === "H1");
  if (firsts.length > 1) found.push(`${firsts.length} first headings`);
  let level = 1;
  for (const heading of headings) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) found.push(`a level is left out before ${describe(heading)}`);
    level = own;
  }
  if (document.querySelectorAll("main").length !== 1) found.push("no main");
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  for (const id of new Set(ids)) {
    if (ids.filter((one) => one === id).length > 1) found.push(`#${id} twice`);
  }
  for (const element of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
    for (const attribute of ["aria-labelledby", "aria-describedby"]) {
      const id = element.getAttribute(attribute);
      if (id !== null && document.getElementById(id) === null) found.push(`no #${id}`);
    }
  }

  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) found.push(`${scrollWidth} wide on ${clientWidth}`);
  return found;
})();
