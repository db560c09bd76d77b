package main

import (
	"strings"

	"drover/inventory"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// extraVars reads the values of -e in order, later ones over earlier ones:
// "@file", JSON or YAML in braces, or key=value pairs. It warns of words that are
// no pairs, which say nothing, as in Ansible.
func extraVars(given []string, vault yaml.Decrypter, warn func(string)) (*value.Dict, error) {
	all := value.NewDict(len(given))
	for _, text := range given {
		d, err := oneExtraVars(strings.TrimSpace(text), vault, warn)
		if err != nil {
			return nil, err
		}
		all.Update(d)
	}
	return all, nil
}

func oneExtraVars(text string, vault yaml.Decrypter, warn func(string)) (*value.Dict, error) {
	switch {
	case text == "":
		return value.NewDict(0), nil
	case text[0] == '@':
		return inventory.ReadVarsFile(text[1:], vault)
	case text[0] == '{':
		return yaml.Vars([]byte(text), "--extra-vars", yaml.Options{Vault: vault})
	case text[0] == '/', text[0] == '.':
		return nil, &optionsError{"Please prepend extra_vars filename '" + text + "' with '@'"}
	case text[0] == '[':
		return nil, &optionsError{"--extra-vars " + text + ": expected a mapping, key=value pairs or @file"}
	}
	d := value.NewDict(2)
	for _, word := range splitPairs(text) {
		key, val, ok := strings.Cut(word, "=")
		if !ok {
			warn("--extra-vars: " + quoteText(word) + " is no key=value pair and is left out (for a file write @" + word + ")")
			continue
		}
		d.Put(key, yaml.Text(unquoteText(val), source.Pos{File: "--extra-vars"}))
	}
	return d, nil
}

// splitPairs cuts "a=1 b='x y' c={{ d | e }}" at the blanks that stand outside
// quotes and template braces.
func splitPairs(text string) []string {
	var words []string
	var word strings.Builder
	var quote rune
	depth, escaped := 0, false
	for i, r := range text {
		switch {
		case escaped:
			escaped = false
		case r == '\\' && quote != 0:
			escaped = true
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		case strings.HasPrefix(text[i:], "{{"):
			depth++
		case strings.HasPrefix(text[i:], "}}") && depth > 0:
			depth--
		case (r == ' ' || r == '\t' || r == '\n') && depth == 0:
			if word.Len() > 0 {
				words = append(words, word.String())
				word.Reset()
			}
			continue
		}
		word.WriteRune(r)
	}
	if word.Len() > 0 {
		words = append(words, word.String())
	}
	return words
}

// unquoteText takes one pair of quotes off, and the backslashes before quotes
// inside them.
func unquoteText(s string) string {
	n := len(s)
	if n < 2 || (s[0] != '"' && s[0] != '\'') || s[n-1] != s[0] {
		return s
	}
	return strings.ReplaceAll(s[1:n-1], `\`+s[:1], s[:1])
}

func quoteText(s string) string { return "'" + s + "'" }
