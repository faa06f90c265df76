// Files dropped anywhere on the page, and a label that looks like the place for them.

import { css, type ReactiveController, type ReactiveControllerHost } from 'lit';

export const dropStyles = css`
  .drop {
    display: block;
    width: 100%;
    margin-top: 14px;
    padding: 12px;
    border: 1.5px dashed var(--field);
    border-radius: 8px;
    background: var(--well);
    text-align: center;
    font-size: 0.867rem;
    cursor: pointer;
  }
  .drop:focus-within {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .drop.over {
    border-color: var(--accent);
    color: var(--accent);
  }
`;

/** Takes files while its host is there; without it the browser would leave the page and show the file. */
export class DropController implements ReactiveController {
  /** Whether files hang over the page. */
  over = false;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly take: (data: DataTransfer) => void,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    window.addEventListener('dragover', this.dragged);
    window.addEventListener('dragleave', this.left);
    window.addEventListener('drop', this.dropped);
  }

  hostDisconnected(): void {
    window.removeEventListener('dragover', this.dragged);
    window.removeEventListener('dragleave', this.left);
    window.removeEventListener('drop', this.dropped);
  }

  private set(over: boolean): void {
    if (over === this.over) return;
    this.over = over;
    this.host.requestUpdate();
  }

  private readonly dragged = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.set(true);
  };

  private readonly left = (event: DragEvent): void => {
    if (event.relatedTarget === null) this.set(false);
  };

  private readonly dropped = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.set(false);
    this.take(event.dataTransfer);
  };
}
