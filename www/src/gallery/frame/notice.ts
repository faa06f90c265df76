// Failures as readers meet them: why, and where a figure could not be loaded, a button that tries again.

import { messageOf } from '../../kit/failure';
import { again } from '../../kit/modules';

/** Why something failed, as a sentence: what browsers throw has no full stop. */
export function reasonOf(error: unknown): string {
  const reason = messageOf(error);
  return /[.!?]$/.test(reason) ? reason : `${reason}.`;
}

/** The notice removes itself when it is tried again. */
export function failureNotice(error: unknown, retry: () => Promise<void>): HTMLElement {
  const notice = document.createElement('div');
  notice.setAttribute('role', 'alert');
  const reason = document.createElement('p');
  reason.textContent = `The figure could not be loaded: ${reasonOf(error)}`;
  const button = document.createElement('button');
  button.dataset.testid = 'retry';
  button.textContent = 'Try again';
  button.addEventListener('click', () => {
    void again(error, () => {
      notice.remove();
      void retry();
    });
  });
  notice.append(reason, button);
  return notice;
}
