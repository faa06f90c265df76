// The words of the bundled sample, by what they have in common.

/** One, many, one that is young, many that are young. */
export const animals = [
  ['dog', 'dogs', 'puppy', 'puppies'],
  ['cat', 'cats', 'kitten', 'kittens'],
  ['horse', 'horses', 'foal', 'foals'],
  ['cow', 'cows', 'calf', 'calves'],
  ['pig', 'pigs', 'piglet', 'piglets'],
  ['goat', 'goats', 'kid', 'kids'],
  ['hen', 'hens', 'chick', 'chicks'],
  ['duck', 'ducks', 'duckling', 'ducklings'],
  ['goose', 'geese', 'gosling', 'goslings'],
  ['bear', 'bears', 'cub', 'cubs'],
  ['deer', 'deer', 'fawn', 'fawns'],
  ['swan', 'swans', 'cygnet', 'cygnets'],
  ['owl', 'owls', 'owlet', 'owlets'],
  ['hare', 'hares', 'leveret', 'leverets'],
] as const;

/** Now, then, in the course of it. */
export const verbs = [
  ['walk', 'walked', 'walking'],
  ['sleep', 'slept', 'sleeping'],
  ['eat', 'ate', 'eating'],
  ['sing', 'sang', 'singing'],
  ['swim', 'swam', 'swimming'],
  ['hide', 'hid', 'hiding'],
  ['wait', 'waited', 'waiting'],
  ['jump', 'jumped', 'jumping'],
  ['dig', 'dug', 'digging'],
  ['drink', 'drank', 'drinking'],
  ['run', 'ran', 'running'],
  ['fall', 'fell', 'falling'],
  ['play', 'played', 'playing'],
  ['turn', 'turned', 'turning'],
] as const;

/** As it is, more, most. */
export const adjectives = [
  ['small', 'smaller', 'smallest'],
  ['old', 'older', 'oldest'],
  ['fast', 'faster', 'fastest'],
  ['dark', 'darker', 'darkest'],
  ['quiet', 'quieter', 'quietest'],
  ['brown', 'browner', 'brownest'],
  ['white', 'whiter', 'whitest'],
  ['brave', 'braver', 'bravest'],
  ['clever', 'cleverer', 'cleverest'],
  ['hungry', 'hungrier', 'hungriest'],
  ['tall', 'taller', 'tallest'],
  ['soft', 'softer', 'softest'],
] as const;

/** One, many. */
export const places = [
  ['river', 'rivers'],
  ['hill', 'hills'],
  ['forest', 'forests'],
  ['barn', 'barns'],
  ['road', 'roads'],
  ['garden', 'gardens'],
  ['lake', 'lakes'],
  ['house', 'houses'],
  ['bridge', 'bridges'],
  ['field', 'fields'],
  ['island', 'islands'],
  ['village', 'villages'],
] as const;

export const articles = ['the', 'a', 'every', 'this'] as const;
export const prepositions = ['near', 'under', 'behind', 'beyond'] as const;

/** How a sentence may open; what it opens with colours every word of it. */
export const openings = [
  ['at', 'night', ','],
  ['in', 'winter', ','],
  ['in', 'a', 'dream', ','],
  ['at', 'school', ','],
  ['long', 'ago', ','],
  ['on', 'stage', ','],
] as const;
