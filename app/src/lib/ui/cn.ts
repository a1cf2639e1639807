import { clsx, type ClassValue } from 'clsx';

/** Class names of a part and its user. Where both say the same, the user's has the mark of importance: `h-7!`. */
export const cn = (...inputs: ClassValue[]): string => clsx(inputs);
