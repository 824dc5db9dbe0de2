/** How far the clock of the proxy is ahead of the one here (milliseconds). */
let ahead = 0;

export function proxySays(now: number): void {
  ahead = now - Date.now();
}

export function proxyNow(): number {
  return Date.now() + ahead;
}

/** `4 min 9 s`, `2 h 5 min`, `3 days`; nothing below zero. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

/** The time of day here; with the day where that is another. */
export function at(ms: number): string {
  const time = CLOCK.format(ms);
  const day = DAY.format(ms);
  return day === DAY.format(Date.now()) ? time : `${day}, ${time}`;
}

export function timeElement(ms: number): HTMLTimeElement {
  const element = document.createElement("time");
  element.dateTime = new Date(ms).toISOString();
  element.title = new Date(ms).toISOString();
  element.textContent = at(ms);
  return element;
}
