package playbook

import (
	"drover/playbook/source"
	"drover/playbook/yaml"
)

// Text reads a playbook that is in memory, as an ad-hoc command is. Errors name
// it by path, and path's folder is the playbook's.
func (l *Loader) Text(path string, data []byte) (*Playbook, error) {
	node, err := yaml.Document(data, path, yaml.Options{Warn: l.Warn})
	if err != nil {
		return nil, err
	}
	if node.Kind != yaml.List {
		return nil, source.Errorf(node.Pos, "a playbook must be a list of plays, not %s", node.What())
	}
	r := l.reader(nil)
	p := &Playbook{Path: path}
	for _, n := range node.Items {
		p.Plays = append(p.Plays, r.entry(n, path)...)
	}
	return p, r.errs.Err()
}
