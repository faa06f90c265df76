// How heavily a text reads: the grade of Flesch and Kincaid, years of school that a reader needs, from the lengths of its
// sentences and words. Syllables and the formula come from packages, sentences and words from the language's own rules.
import { fleschKincaid } from 'flesch-kincaid';
import { syllable } from 'syllable';

export interface Sentence {
  text: string;
  words: number;
  syllables: number;
}

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' });
const words = new Intl.Segmenter('en', { granularity: 'word' });

/** The sentences of a paragraph. Numbers are no words: they are read at a glance. */
export function sentencesOf(paragraph: string): Sentence[] {
  return [...sentences.segment(paragraph)].flatMap(({ segment }) => {
    const text = segment.trim().replace(/\s+/g, ' ');
    const spoken = [...words.segment(text)].filter(
      (word) => word.isWordLike === true && /\p{Letter}/u.test(word.segment),
    );
    if (spoken.length === 0) return [];
    const syllables = spoken.reduce((sum, word) => sum + syllable(word.segment), 0);
    return [{ text, words: spoken.length, syllables }];
  });
}

export function gradeOf(given: readonly Sentence[]): number {
  const total = (key: 'words' | 'syllables'): number => given.reduce((sum, each) => sum + each[key], 0);
  return fleschKincaid({ sentence: given.length, word: total('words'), syllable: total('syllables') });
}
