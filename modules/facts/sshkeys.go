package facts

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// sshHostKeys tells the host's public SSH keys, from the first folder that has
// any.
func sshHostKeys(_ context.Context, m *machine) *value.Dict {
	for _, dir := range []string{"/etc/ssh", "/etc/openssh", "/etc"} {
		keys := value.NewDict(8)
		for _, algorithm := range []string{"dsa", "rsa", "ecdsa", "ed25519"} {
			fields := strings.Fields(m.textOr(dir+"/ssh_host_"+algorithm+"_key.pub", ""))
			if len(fields) < 2 {
				continue
			}
			name := "ssh_host_key_" + algorithm + "_public"
			keys.Put(name, value.Str(fields[1]))
			keys.Put(name+"_keytype", value.Str(fields[0]))
		}
		if keys.Len() > 0 {
			return keys
		}
	}
	return nil
}
