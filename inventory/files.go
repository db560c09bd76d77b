package inventory

import (
	"bytes"
	"os"

	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

// ReadVarsFile reads a YAML or JSON file of trusted variables, decrypting it
// when it is vaulted; an empty file gives an empty dict.
func ReadVarsFile(path string, vault yaml.Decrypter) (*value.Dict, error) {
	data, secret, err := readFile(path, vault)
	if err != nil {
		return nil, err
	}
	return yaml.Vars(data, path, yaml.Options{Secret: secret, Vault: vault})
}

// readYAML reads a YAML file of one document as a node, nil when it is empty.
func (o *Options) readYAML(path string) (*yaml.Node, error) {
	data, secret, err := readFile(path, o.Vault)
	if err != nil {
		return nil, err
	}
	return yaml.Document(data, path, yaml.Options{Secret: secret, Vault: o.Vault, Timestamp: o.Timestamp})
}

// readFile gives a file's text, decrypted when it is vaulted, which secret
// tells.
func readFile(path string, vault yaml.Decrypter) (data []byte, secret bool, err error) {
	data, err = os.ReadFile(path)
	if err != nil || !bytes.HasPrefix(data, []byte("$ANSIBLE_VAULT")) {
		return data, false, err
	}
	if vault == nil {
		e := source.Errorf(source.Pos{File: path}, "the file is encrypted, but no vault password was given")
		e.Err = yaml.ErrLocked
		return nil, true, e.WithHint("give --vault-password-file or --ask-vault-pass")
	}
	plain, err := vault.Decrypt(data)
	if err != nil {
		return nil, true, source.Errorf(source.Pos{File: path}, "the file can't be decrypted: %v", err)
	}
	return plain, true, nil
}
