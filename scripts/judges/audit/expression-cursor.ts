/** The text of an expression holds what is not understood here. */
export class NotUnderstood extends Error {}

/** A place in the text of an expression, which only goes on. */
export class Cursor {
  protected at = 0;

  constructor(protected readonly text: string) {}

  protected isFor(): boolean {
    this.peek();
    return /^for\s/.test(this.text.slice(this.at));
  }

  protected word(): string {
    this.peek();
    const word = /^[A-Za-z_][\w-]*/.exec(this.text.slice(this.at))?.[0];
    if (word === undefined) throw new NotUnderstood();
    this.at += word.length;
    return word;
  }

  protected peek(): string {
    while (/\s/.test(this.text[this.at] ?? "")) this.at += 1;
    return this.text[this.at] ?? "";
  }

  protected sees(sign: string): boolean {
    this.peek();
    return this.text.startsWith(sign, this.at);
  }

  /** Takes it where it stands next; in a template white space counts, so none is skipped before `${`. */
  protected takes(sign: string): boolean {
    if (!sign.endsWith("{") && sign !== "\\") this.peek();
    if (!this.text.startsWith(sign, this.at)) return false;
    this.at += sign.length;
    return true;
  }

  protected demand(sign: string): true {
    if (!this.takes(sign)) throw new NotUnderstood();
    return true;
  }
}
