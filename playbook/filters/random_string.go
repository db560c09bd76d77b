package filters

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"drover/playbook/value"
)

// charKind is a kind of characters that a random string is made of.
type charKind struct{ option, least, chars string }

func (a *args) charKinds() []charKind {
	return []charKind{
		{"numbers", "min_numeric", charSets["digits"]},
		{"upper", "min_upper", charSets["ascii_uppercase"]},
		{"lower", "min_lower", charSets["ascii_lowercase"]},
		{"special", "min_special", a.strOr("override_special", charSets["punctuation"])},
	}
}

// randomStringLookup makes a random text: at least so many characters of some
// kinds, and of any kind up to the length, in a random order.
func randomStringLookup(a *args) (value.Value, error) {
	similar := ""
	if a.on("ignore_similar_chars", false) {
		similar = a.strOr("similar_chars", "il1LoO0")
	}
	dissimilar := func(chars string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(similar, r) {
				return -1
			}
			return r
		}, chars)
	}
	all, text := a.strOr("override_all", ""), ""
	if all == "" {
		var kinds strings.Builder
		for _, k := range a.charKinds() {
			chars := dissimilar(k.chars)
			if a.on(k.option, true) {
				kinds.WriteString(chars)
			}
			if n := a.numOr(k.least, 0); n > 0 && chars != "" {
				text += randomText(systemRandom{}, chars, n)
			}
		}
		if all = kinds.String(); all == "" {
			return nil, errors.New("Available characters cannot be None, please change constraints")
		}
	}
	if more := a.numOr("length", 8) - len([]rune(text)); more > 0 {
		text += randomText(systemRandom{}, all, more)
	}
	if a.err != nil {
		return nil, a.err
	}
	text = shuffled(text)
	if a.on("base64", false) {
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return value.NewList(value.Str(text)), nil
}

// shuffled gives the characters of a text in a random order.
func shuffled(text string) string {
	var out []rune
	for i, r := range []rune(text) {
		out = slices.Insert(out, below(systemRandom{}, i+1), r)
	}
	return string(out)
}
