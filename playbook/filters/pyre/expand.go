package pyre

// Expand fills a replacement template with the groups of one match, as
// Python's match.expand does.
func (re *Regexp) Expand(template string, m *Match) (string, error) {
	parts, err := re.parseTemplate(template)
	if err != nil {
		return "", err
	}
	var b []byte
	for _, p := range parts {
		if p.group < 0 {
			b = append(b, p.text...)
		} else if g, ok := m.Group(p.group); ok {
			b = append(b, g...)
		}
	}
	return string(b), nil
}

// Parts cuts the text that was searched into what is before group i, the
// group, and what is after it; ok is false when the group took no part.
func (m *Match) Parts(i int) (before, group, after string, ok bool) {
	start, end := m.spans[2*i], m.spans[2*i+1]
	if start < 0 {
		return "", "", "", false
	}
	return m.text.slice(0, start), m.text.slice(start, end), m.text.slice(end, m.text.len()), true
}
