package transport

import (
	"bytes"
	"errors"
	"testing"
)

func TestBecomeLine(t *testing.T) {
	tests := map[string]struct {
		b    Become
		want string
		tty  bool
	}{
		"sudo":            {Become{}, "sudo -H -S -n -u root /bin/sh -c 'id; id'", false},
		"with a password": {Become{Password: "x"}, "sudo -H -S -p '[drover T] password:' -u root /bin/sh -c 'id; id'", false},
		"own flags":       {Become{Method: "ansible.builtin.sudo", User: "app", Flags: []string{"-E", "-n"}, Exe: "/opt/sudo", Password: "x"}, "/opt/sudo -E -S -p '[drover T] password:' -u app /bin/sh -c 'id; id'", false},
		"su":              {Become{Method: "su", User: "app", Password: "x"}, "su app -c 'id; id'", true},
		"su by root":      {Become{Method: "su", User: "app"}, "su app -c 'id; id'", false},
		"doas":            {Become{Method: "doas", Password: "x"}, "doas -u root /bin/sh -c 'id; id'", true},
		"odd user":        {Become{Method: "runuser", User: "a b"}, "runuser -u 'a b' -- /bin/sh -c 'id; id'", false},
	}
	for name, test := range tests {
		c, err := BecomeLine(&test.b, "id; id", "T")
		if err != nil || c.Line != test.want || c.TTY != test.tty {
			t.Errorf("%s: got %q, tty %v, %v; want %q", name, c.Line, c.TTY, err, test.want)
		}
	}
}

func TestPrompter(t *testing.T) {
	const prompt = "[drover T] password:"
	tests := map[string]struct {
		password, prompt string
		said             []string
		sent             string
		err              error
	}{
		"asked once":         {"pw", prompt, []string{"[drover T]", " password:"}, "pw\n", nil},
		"lecture first":      {"pw", prompt, []string{"We trust you:\n", "#1) Respect: yes\n", prompt}, "pw\n", nil},
		"not asked":          {"pw", prompt, []string{"hello: \n"}, "", nil},
		"asked twice":        {"pw", prompt, []string{prompt, "\nFalsch.\n", prompt}, "pw\n", ErrWrongPassword},
		"refused":            {"pw", prompt, []string{prompt, "\nSorry, try again.\n"}, "pw\n", ErrWrongPassword},
		"none given":         {"", prompt, []string{"sudo: a password is required\n"}, "", ErrMissingPassword},
		"su":                 {"pw", "", []string{"Password: "}, "pw\n", nil},
		"su in German":       {"pw", "", []string{"Passwort: "}, "pw\n", nil},
		"su in Japanese":     {"pw", "", []string{"パスワード："}, "pw\n", nil},
		"su refuses":         {"pw", "", []string{"Password: ", "\r\nsu: Authentication failure\r\n"}, "pw\n", ErrWrongPassword},
		"su without":         {"", "", []string{"Password: "}, "", ErrMissingPassword},
		"an error, in parts": {"pw", "", []string{"su: ", "user x does not exist\n", "/bin/sh: 1: exec: ", "su: not found\n"}, "", nil},
	}
	for name, test := range tests {
		var stdin bytes.Buffer
		p := NewPrompter(&Become{Password: test.password}, &BecomeCommand{Prompt: test.prompt, Program: "su"}, &stdin)
		for _, text := range test.said {
			_, _ = p.Write([]byte(text))
		}
		if stdin.String() != test.sent || !errors.Is(p.Err(), test.err) {
			t.Errorf("%s: sent %q, error %v", name, stdin.String(), p.Err())
		}
	}
}
