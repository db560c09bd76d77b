package pyyaml

// traits are what a scalar's text allows.
type traits struct {
	multiline                              bool
	flowPlain, blockPlain, single, literal bool
}

func isBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029
}

func isBlankOrEnd(r rune) bool { return r == end || r == ' ' || r == '\t' || isBreak(r) }

// end stands for the place after the last character.
const end rune = -1

// isPrintable is libyaml's idea of what may stand unescaped: no tabs, and no
// characters outside of the basic plane.
func isPrintable(r rune) bool {
	switch {
	case r == '\n', r >= ' ' && r <= '~':
		return true
	case r < 0xa0 || r > 0xffff:
		return false
	}
	return (r < 0xd800 || r > 0xdfff) && r != 0xfeff && r < 0xfffe
}

// analysis collects what a scalar's text contains.
type analysis struct {
	flowIndicators, blockIndicators          bool
	breaks, special                          bool
	leadingSpace, leadingBreak               bool
	trailingSpace, trailingBreak             bool
	breakSpace, spaceBreak                   bool
	previousSpace, previousBreak, afterSpace bool
}

// analyze finds out in which styles a text can be written.
func analyze(text []rune, unicode bool) traits {
	if len(text) == 0 {
		return traits{blockPlain: true, single: true}
	}
	a := analysis{afterSpace: true}
	if len(text) >= 3 {
		if s := string(text[:3]); s == "---" || s == "..." {
			a.flowIndicators, a.blockIndicators = true, true
		}
	}
	for i, r := range text {
		next := end
		if i+1 < len(text) {
			next = text[i+1]
		}
		a.indicator(r, i == 0, isBlankOrEnd(next))
		if !isPrintable(r) || r > 0x7f && !unicode {
			a.special = true
		}
		a.space(r, i == 0, i+1 == len(text))
		a.afterSpace = isBlankOrEnd(r)
	}
	return a.traits()
}

func (a *analysis) indicator(r rune, first, beforeSpace bool) {
	both := func() { a.flowIndicators, a.blockIndicators = true, true }
	switch r {
	case ',', '[', ']', '{', '}':
		a.flowIndicators = true
		a.blockIndicators = a.blockIndicators || first
	case '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
		if first {
			both()
		}
	case '#':
		if first || a.afterSpace {
			both()
		}
	case '?':
		a.flowIndicators = true
		a.blockIndicators = a.blockIndicators || first && beforeSpace
	case ':':
		a.flowIndicators = true
		a.blockIndicators = a.blockIndicators || beforeSpace
	case '-':
		if first && beforeSpace {
			both()
		}
	}
}

func (a *analysis) space(r rune, first, last bool) {
	switch {
	case r == ' ':
		a.leadingSpace = a.leadingSpace || first
		a.trailingSpace = a.trailingSpace || last
		a.breakSpace = a.breakSpace || a.previousBreak
		a.previousSpace, a.previousBreak = true, false
	case isBreak(r):
		a.breaks = true
		a.leadingBreak = a.leadingBreak || first
		a.trailingBreak = a.trailingBreak || last
		a.spaceBreak = a.spaceBreak || a.previousSpace
		a.previousSpace, a.previousBreak = false, true
	default:
		a.previousSpace, a.previousBreak = false, false
	}
}

func (a *analysis) traits() traits {
	unsafe := a.spaceBreak || a.special
	plain := !a.leadingSpace && !a.leadingBreak && !a.trailingSpace && !a.trailingBreak &&
		!a.breakSpace && !unsafe && !a.breaks
	return traits{
		multiline:  a.breaks,
		flowPlain:  plain && !a.flowIndicators,
		blockPlain: plain && !a.blockIndicators,
		single:     !a.breakSpace && !unsafe,
		literal:    !a.trailingSpace && !unsafe,
	}
}
