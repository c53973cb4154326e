// Package fold turns text into the words that are searched: what is written
// alike for a reader becomes the same word, whatever its case, its accents or
// its Unicode form.
//
// Words of scripts that write no spaces between them (Chinese, Japanese, Thai
// and others; Korean, whose endings hang on its words, too) come one character
// at a time, and are indexed as pairs of neighbours.
//
// Everything is a pure function of the text and of the Unicode tables that the
// program was built with, and safe for concurrent use. A change of what folds
// to what makes texts that are indexed already unfindable: it needs the index
// filled anew.
package fold
