// Package netrc reads the logins that people keep in ~/.netrc.
package netrc

import "strings"

// Login finds the login of a host in the text of a netrc file: that of its own
// entry, else the default's, else "".
func Login(text, host string) (user, password string) {
	words := strings.Fields(text)
	matches := false
	for i, w := range words {
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		switch {
		case w == "machine":
			if matches && user != "" {
				return user, password
			}
			matches = next == host
		case w == "default":
			matches = user == ""
		case matches && w == "login":
			user = next
		case matches && w == "password":
			password = next
		}
	}
	return user, password
}
