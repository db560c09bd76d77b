package jinja

import (
	"slices"
	"sort"
	"strings"

	"drover/internal/lazyre"
	"drover/playbook/value"
)

var (
	urlizeSpace = lazyre.New(`\s+`)
	urlizeHTTP  = lazyre.New(`(?i)^((https?://|www\.)(([\pL\pN_%-]+\.)+)?([a-z]{2,63}|xn--[\pL\pN_%]{2,59})|([\pL\pN_%-]{2,63}\.)+(com|net|int|edu|gov|org|info|mil)|(https?://)((([0-9]{1,3})(\.[0-9]{1,3}){3})|(\[([0-9a-f]{0,4}:){2}([0-9a-f]{0,4}:?){1,6}\])))(:[0-9]{1,5})?([/?#]\S*)?$`)
	urlizeMail  = lazyre.New(`^\S+@[\pL\pN_][\pL\pN_.-]*\.[\pL\pN_]+$`)
	urlizeHead  = lazyre.New(`^([(<]|&lt;)+`)
	urlizeTail  = lazyre.New(`([)>.,\n]|&gt;)+$`)
)

// urlizer is one run of the urlize filter.
type urlizer struct {
	limit int // -1 without
	attrs string
	extra []string
}

// uriScheme is what urlize takes for the beginning of an address.
var uriScheme = lazyre.New(`^[\w.+-]{2,}:/{0,2}$`)

func (c *Call) checkSchemes(schemes value.Value) error {
	if schemes == value.None {
		return nil
	}
	vs, err := c.Ctx.elements(schemes)
	if err != nil {
		return err
	}
	for _, v := range vs {
		s, ok := value.AsString(v)
		if !ok {
			return TypeErrorf("expected string or bytes-like object, got '%s'", v.Type())
		}
		if !uriScheme.MatchString(s) {
			return valueErrorf("%s is not a valid URI scheme prefix.", value.Repr(v))
		}
	}
	return nil
}

func filterURLize(c *Call) (value.Value, error) {
	var v value.Value
	limit, nofollow := -1, false
	var target, rel, schemes value.Value = value.None, value.None, value.None
	if err := c.Unpack("value", &v, "trim_url_limit?", &limit, "nofollow?", &nofollow, "target?", &target, "rel?", &rel, "extra_schemes?", &schemes); err != nil {
		return nil, err
	}
	if err := c.checkSchemes(schemes); err != nil {
		return nil, err
	}
	rels := []string{"noopener"}
	if rel != value.None {
		rels = append(rels, strings.Fields(value.String(rel))...)
	}
	if nofollow {
		rels = append(rels, "nofollow")
	}
	sort.Strings(rels)
	u := &urlizer{limit: limit, attrs: ` rel="` + escapeHTML(strings.Join(slices.Compact(rels), " ")) + `"`}
	if target != value.None {
		u.attrs += ` target="` + escapeHTML(value.String(target)) + `"`
	}
	if schemes != value.None {
		vs, err := c.Ctx.elements(schemes)
		if err != nil {
			return nil, err
		}
		for _, s := range vs {
			u.extra = append(u.extra, value.String(s))
		}
	}
	return value.Str(u.text(escapeHTML(value.String(v)))), nil
}

func (u *urlizer) text(s string) string {
	var b strings.Builder
	at := 0
	for _, gap := range urlizeSpace.Get().FindAllStringIndex(s, -1) {
		b.WriteString(u.word(s[at:gap[0]]))
		b.WriteString(s[gap[0]:gap[1]])
		at = gap[1]
	}
	b.WriteString(u.word(s[at:]))
	return b.String()
}

func (u *urlizer) word(word string) string {
	head := urlizeHead.FindString(word)
	middle := word[len(head):]
	tail := ""
	if strings.HasSuffix(middle, ")") || strings.HasSuffix(middle, ">") || strings.HasSuffix(middle, ".") ||
		strings.HasSuffix(middle, ",") || strings.HasSuffix(middle, "\n") || strings.HasSuffix(middle, "&gt;") {
		tail = urlizeTail.FindString(middle)
		middle = middle[:len(middle)-len(tail)]
	}
	middle, tail = balanced(middle, tail)
	return head + u.link(middle) + tail
}

// balanced moves closing characters back to a word that has the opening ones.
func balanced(middle, tail string) (string, string) {
	for _, p := range [][2]string{{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}} {
		n := strings.Count(middle, p[0])
		for range min(n, strings.Count(tail, p[1])) {
			if n <= strings.Count(middle, p[1]) {
				break
			}
			i := strings.Index(tail, p[1]) + len(p[1])
			middle, tail = middle+tail[:i], tail[i:]
		}
	}
	return middle, tail
}

func (u *urlizer) link(word string) string {
	switch {
	case urlizeHTTP.MatchString(word):
		href := word
		if !strings.HasPrefix(word, "https://") && !strings.HasPrefix(word, "http://") {
			href = "https://" + word
		}
		return `<a href="` + href + `"` + u.attrs + `>` + u.trim(word) + `</a>`
	case strings.HasPrefix(word, "mailto:") && urlizeMail.MatchString(word[len("mailto:"):]):
		return `<a href="` + word + `">` + word[len("mailto:"):] + `</a>`
	case strings.Contains(word, "@") && !strings.HasPrefix(word, "www.") && !strings.Contains(word, ":") && urlizeMail.MatchString(word):
		return `<a href="mailto:` + word + `">` + word + `</a>`
	}
	for _, scheme := range u.extra {
		if word != scheme && strings.HasPrefix(word, scheme) {
			return `<a href="` + word + `"` + u.attrs + `>` + word + `</a>`
		}
	}
	return word
}

func (u *urlizer) trim(s string) string {
	if r := []rune(s); u.limit >= 0 && len(r) > u.limit {
		return string(r[:u.limit]) + "..."
	}
	return s
}
