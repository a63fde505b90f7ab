/** Plausible email address; only an email proves it. */
export const ADDRESS = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;
