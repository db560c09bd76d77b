package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// plainText is one text to encrypt and the variable it is for, if any.
type plainText struct{ name, text, origin string }

// encryptStrings writes each text as a !vault value of YAML.
func (v *vaultRun) encryptStrings() error {
	texts, err := v.plainTexts()
	if err != nil {
		return err
	}
	var out []string
	for i, t := range texts {
		if t.text == "" {
			return &optionsError{fmt.Sprintf("The plaintext provided from %s was empty, not encrypting", t.origin)}
		}
		sealed, err := v.seal([]byte(t.text), v.secret)
		if err != nil {
			return err
		}
		if len(texts) > 1 {
			out = append(out, fmt.Sprintf("# The encrypted version of variable (%q, the string #%d from %s).", t.name, i+1, t.origin))
		}
		out = append(out, vaultYAML(t.name, string(sealed)))
	}
	if err := v.write("-", []byte(strings.Join(out, "\n")+"\n")); err != nil {
		return err
	}
	return v.finished(nil, "Encryption successful")
}

// vaultYAML writes vaulted text as a block that can be pasted under a key.
func vaultYAML(name, sealed string) string {
	head := "!vault |"
	if name != "" {
		head = name + ": " + head
	}
	const indent = "          "
	return head + "\n" + indent + strings.ReplaceAll(strings.TrimRight(sealed, "\n"), "\n", "\n"+indent)
}

// plainTexts gathers the texts: asked for, from standard input ("-", or when
// there are no arguments), and the arguments, with the names in order.
func (v *vaultRun) plainTexts() ([]plainText, error) {
	var texts []plainText
	if v.cli.Bool("prompt") {
		t, err := v.askText()
		if err != nil {
			return nil, err
		}
		texts = append(texts, t)
	}
	names, stdin := v.cli.StringSlice("name"), v.cli.IsSet("stdin-name")
	for _, a := range v.args {
		if a == "-" {
			stdin = true
			continue
		}
		t := plainText{text: a, origin: "the command line args"}
		if len(names) > 0 {
			t.name, names = names[0], names[1:]
		}
		texts = append(texts, t)
	}
	if !stdin && len(texts) > 0 {
		return texts, nil
	}
	if onTerminal(os.Stdin) {
		say("Reading plaintext input from stdin. (ctrl-d to end input, twice if your content does not already have a newline)")
	}
	data, err := io.ReadAll(os.Stdin)
	name := v.cli.String("stdin-name")
	if name == "" && len(names) > 0 {
		name = names[0]
	}
	return append([]plainText{{name: name, text: string(data), origin: "stdin"}}, texts...), err
}

func (v *vaultRun) askText() (plainText, error) {
	ctx, t := v.cli.Context, plainText{origin: "the interactive prompt"}
	var err error
	if len(v.cli.StringSlice("name")) == 0 {
		if t.name, err = v.term.ReadLine(ctx, "Variable name (enter for no name): ", true); err != nil {
			return t, err
		}
	}
	echo := v.cli.Bool("show-input")
	if t.text, err = v.term.ReadLine(ctx, "String to encrypt: ", echo); err != nil || echo {
		return t, err
	}
	again, err := v.term.ReadLine(ctx, "Confirm String to encrypt: ", false)
	if err == nil && again != t.text {
		err = fmt.Errorf("the two texts are not the same")
	}
	return t, err
}
