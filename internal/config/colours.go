package config

import (
	"fmt"
	"strconv"
	"strings"

	"drover/internal/lazyre"
)

// colourSettings are the settings of [colors] that concern a run, with Ansible's
// own colours.
func colourSettings(c *Config) []setting {
	rows := []struct{ what, colour string }{
		{"ok", "green"}, {"changed", "yellow"}, {"skip", "cyan"}, {"error", "red"}, {"unreachable", "bright red"},
		{"included", "cyan"}, {"diff_add", "green"}, {"diff_remove", "red"}, {"diff_lines", "cyan"},
		{"warn", "bright purple"}, {"deprecate", "purple"}, {"verbose", "blue"}, {"debug", "dark gray"},
	}
	c.colours = make(map[string]*string, len(rows))
	var out []setting
	for _, r := range rows {
		name := new(string)
		c.colours[r.what] = name
		out = append(out, row("color_"+r.what, "ANSIBLE_COLOR_"+strings.ToUpper(r.what), r.colour, colour(name)).in("colors", r.what))
	}
	return out
}

// Colors gives the colours of the output as ANSI codes (0;32) by what is
// coloured, named as in the [colors] section.
func (c *Config) Colors() map[string]string {
	codes := make(map[string]string, len(c.colours))
	for what, name := range c.colours {
		codes[what], _ = colourCode(*name)
	}
	return codes
}

// colour is a kind whose values are names of colours.
func colour(p *string) kind {
	return into(p, func(r rawValue) error {
		*p = unquote(r.text)
		if _, ok := colourCode(*p); !ok {
			return fmt.Errorf("%q is no colour: write one like green, bright red, dark gray, color208, rgb520 or gray8", *p)
		}
		return nil
	})
}

// namedColours are the colours that have a name.
var namedColours = map[string]string{
	"black": "0;30", "red": "0;31", "green": "0;32", "yellow": "0;33", "blue": "0;34", "purple": "0;35", "magenta": "0;35",
	"cyan": "0;36", "bright gray": "0;37", "dark gray": "1;30", "bright red": "1;31", "bright green": "1;32",
	"bright yellow": "1;33", "bright blue": "1;34", "bright purple": "1;35", "bright magenta": "1;35",
	"bright cyan": "1;36", "white": "1;37", "normal": "0",
}

// cubeColour matches the colours of a terminal with 256: by number, by red, green
// and blue in 0 to 5, or by brightness in 0 to 23.
var cubeColour = lazyre.New(`^(?:color(\d{1,3})|rgb([0-5])([0-5])([0-5])|gray(\d{1,2}))$`)

// colourCode gives the ANSI code of a colour's name.
func colourCode(name string) (string, bool) {
	if code, ok := namedColours[name]; ok {
		return code, true
	}
	m := cubeColour.FindStringSubmatch(name)
	if m == nil {
		return "", false
	}
	n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v }
	index := n(1)
	switch {
	case m[2] != "":
		index = 16 + 36*n(2) + 6*n(3) + n(4)
	case m[5] != "":
		index = 232 + n(5)
	}
	return "38;5;" + strconv.Itoa(index), index < 256
}
