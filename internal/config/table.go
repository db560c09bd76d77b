package config

// setting is one row of the table: the name, where its value may come from
// (the first place that has it wins) and how it gets its type.
type setting struct {
	name     string
	env      []string
	keys     []iniKey
	fallback string
	kind
}

// row makes a setting of the [defaults] section whose key is its name.
func row(name, env, fallback string, k kind) setting {
	var envs []string
	if env != "" {
		envs = []string{env}
	}
	return setting{name, envs, []iniKey{{"defaults", name}}, fallback, k}
}

// in gives the setting other keys than the one named like it.
func (s setting) in(sectionKeys ...string) setting {
	s.keys = nil
	for i := 0; i < len(sectionKeys); i += 2 {
		s.keys = append(s.keys, iniKey{sectionKeys[i], sectionKeys[i+1]})
	}
	return s
}

// or adds environment variables that are asked after the first.
func (s setting) or(env ...string) setting {
	s.env = append(s.env, env...)
	return s
}

// table lists every setting, bound to the fields of c.
func table(c *Config) []setting {
	home := row("home", "ANSIBLE_HOME", defaultHome, text(&c.AnsibleHome))
	all := append([]setting{home}, connectionSettings(c)...)
	all = append(all, inventorySettings(c)...)
	all = append(all, becomeSettings(c)...)
	all = append(all, runSettings(c)...)
	all = append(all, vaultSettings(c)...)
	all = append(all, displaySettings(c)...)
	return append(all, colourSettings(c)...)
}

func connectionSettings(c *Config) []setting {
	return []setting{
		row("inventory", "ANSIBLE_INVENTORY", "/etc/ansible/hosts", sources(&c.Inventory)),
		row("remote_user", "ANSIBLE_REMOTE_USER", "", text(&c.RemoteUser)),
		row("remote_port", "ANSIBLE_REMOTE_PORT", "0", integer(&c.RemotePort)),
		row("private_key_file", "ANSIBLE_PRIVATE_KEY_FILE", "", path(&c.PrivateKeyFile)),
		row("transport", "ANSIBLE_TRANSPORT", "ssh", text(&c.Transport)),
		row("timeout", "ANSIBLE_TIMEOUT", "10", seconds(&c.Timeout)).or("ANSIBLE_SSH_TIMEOUT").
			in("ssh_connection", "timeout", "defaults", "timeout"),
		row("forks", "ANSIBLE_FORKS", "50", integer(&c.Forks)),
		row("host_key_checking", "ANSIBLE_SSH_HOST_KEY_CHECKING", "yes", boolean(&c.HostKeyChecking)).
			or("ANSIBLE_HOST_KEY_CHECKING").in("ssh_connection", "host_key_checking", "defaults", "host_key_checking"),
		row("remote_tmp", "ANSIBLE_REMOTE_TMP", "", text(&c.RemoteTmp)).or("ANSIBLE_REMOTE_TEMP"),
		row("ssh_args", "ANSIBLE_SSH_ARGS", "-C -o ControlMaster=auto -o ControlPersist=60s", text(&c.SSHArgs)).in("ssh_connection", "ssh_args"),
		row("ssh_common_args", "ANSIBLE_SSH_COMMON_ARGS", "", text(&c.SSHCommonArgs)).in("ssh_connection", "ssh_common_args"),
		row("ssh_extra_args", "ANSIBLE_SSH_EXTRA_ARGS", "", text(&c.SSHExtraArgs)).in("ssh_connection", "ssh_extra_args"),
		row("control_path_dir", "ANSIBLE_SSH_CONTROL_PATH_DIR", "~/.ansible/cp", path(&c.ControlPathDir)).in("ssh_connection", "control_path_dir"),
		row("ssh_retries", "ANSIBLE_SSH_RETRIES", "0", integer(&c.SSHRetries)).in("connection", "retries", "ssh_connection", "retries"),
		row("ask_pass", "ANSIBLE_ASK_PASS", "no", boolean(&c.AskPass)),
		row("connection_password_file", "ANSIBLE_CONNECTION_PASSWORD_FILE", "", path(&c.ConnectionPasswordFile)),
	}
}

func inventorySettings(c *Config) []setting {
	const section = "inventory"
	return []setting{
		row("export", "ANSIBLE_INVENTORY_EXPORT", "no", boolean(&c.InventoryExport)).in(section, "export"),
		row("unparsed_is_failed", "ANSIBLE_INVENTORY_UNPARSED_FAILED", "no", boolean(&c.InventoryUnparsedFails)).in(section, "unparsed_is_failed"),
		row("any_unparsed_is_failed", "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", "no", boolean(&c.InventoryUnparsedAnyFails)).
			in(section, "any_unparsed_is_failed"),
		row("inventory_unparsed_warning", "ANSIBLE_INVENTORY_UNPARSED_WARNING", "yes", boolean(&c.InventoryUnparsedWarning)).
			in(section, "inventory_unparsed_warning"),
		row("enable_plugins", "ANSIBLE_INVENTORY_ENABLED", "host_list, script, auto, yaml, ini, toml", list(&c.InventoryEnabled)).
			in(section, "enable_plugins"),
		row("inventory_ignore_extensions", "ANSIBLE_INVENTORY_IGNORE",
			".pyc, .pyo, .swp, .bak, ~, .rpm, .md, .txt, .rst, .orig, .cfg, .retry", list(&c.InventoryIgnoreExtensions)).
			in("defaults", "inventory_ignore_extensions", section, "ignore_extensions"),
		row("inventory_ignore_patterns", "ANSIBLE_INVENTORY_IGNORE_REGEX", "", list(&c.InventoryIgnorePatterns)).
			in("defaults", "inventory_ignore_patterns", section, "ignore_patterns"),
		row("yaml_valid_extensions", "ANSIBLE_YAML_FILENAME_EXT", ".yaml, .yml, .json", list(&c.YAMLExtensions)).
			or("ANSIBLE_INVENTORY_PLUGIN_EXTS").in("inventory_plugin_yaml", "yaml_valid_extensions", "defaults", "yaml_valid_extensions"),
		row("host_pattern_mismatch", "ANSIBLE_HOST_PATTERN_MISMATCH", "warning", oneOf(&c.PatternMismatch, "warning", "error", "ignore")).
			in(section, "host_pattern_mismatch"),
		row("force_valid_group_names", "ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS", "never",
			oneOf(&c.GroupChars, "always", "never", "ignore", "silently")),
	}
}

func becomeSettings(c *Config) []setting {
	const section = "privilege_escalation"
	return []setting{
		row("become", "ANSIBLE_BECOME", "no", boolean(&c.Become)).in(section, "become"),
		row("become_method", "ANSIBLE_BECOME_METHOD", "sudo", text(&c.BecomeMethod)).in(section, "become_method"),
		row("become_user", "ANSIBLE_BECOME_USER", "root", text(&c.BecomeUser)).in(section, "become_user"),
		row("become_flags", "ANSIBLE_BECOME_FLAGS", "", text(&c.BecomeFlags)).or("ANSIBLE_SUDO_FLAGS").
			in(section, "become_flags", "sudo_become_plugin", "flags"),
		row("become_exe", "ANSIBLE_BECOME_EXE", "", text(&c.BecomeExe)).or("ANSIBLE_SUDO_EXE").
			in(section, "become_exe", "sudo_become_plugin", "executable"),
		row("become_allow_same_user", "ANSIBLE_BECOME_ALLOW_SAME_USER", "no", boolean(&c.BecomeSameUser)).in(section, "become_allow_same_user"),
		row("become_ask_pass", "ANSIBLE_BECOME_ASK_PASS", "no", boolean(&c.BecomeAskPass)).in(section, "become_ask_pass"),
		row("become_password_file", "ANSIBLE_BECOME_PASSWORD_FILE", "", path(&c.BecomePasswordFile)),
	}
}

func runSettings(c *Config) []setting {
	return []setting{
		row("roles_path", "ANSIBLE_ROLES_PATH", "~/.ansible/roles:/usr/share/ansible/roles:/etc/ansible/roles", paths(&c.RolesPath)),
		row("collections_path", "ANSIBLE_COLLECTIONS_PATH", "~/.ansible/collections:/usr/share/ansible/collections", paths(&c.CollectionsPath)).
			or("ANSIBLE_COLLECTIONS_PATHS").in("defaults", "collections_path", "defaults", "collections_paths"),
		row("plugin_filters_cfg", "", "", path(&c.PluginFilters)),
		row("library", "ANSIBLE_LIBRARY", "~/.ansible/plugins/modules:/usr/share/ansible/plugins/modules", paths(&c.Library)),
		row("gathering", "ANSIBLE_GATHERING", "implicit", oneOf(&c.Gathering, "implicit", "explicit", "smart")),
		row("fact_caching", "ANSIBLE_CACHE_PLUGIN", "memory", text(&c.FactCaching)),
		row("fact_caching_connection", "ANSIBLE_CACHE_PLUGIN_CONNECTION", "", path(&c.FactCachingPath)),
		row("fact_caching_prefix", "ANSIBLE_CACHE_PLUGIN_PREFIX", "", text(&c.FactCachingPrefix)),
		row("fact_caching_timeout", "ANSIBLE_CACHE_PLUGIN_TIMEOUT", "86400", seconds(&c.FactCachingExpiry)),
		row("duplicate_dict_key", "ANSIBLE_DUPLICATE_YAML_DICT_KEY", "warn", oneOf(&c.DuplicateKeys, "warn", "error", "ignore")),
		row("hash_behaviour", "ANSIBLE_HASH_BEHAVIOUR", "replace", oneOf(&c.HashBehaviour, "replace", "merge")),
		row("private_role_vars", "ANSIBLE_PRIVATE_ROLE_VARS", "no", boolean(&c.PrivateRoleVars)),
		row("any_errors_fatal", "ANSIBLE_ANY_ERRORS_FATAL", "no", boolean(&c.AnyErrorsFatal)),
		row("force_handlers", "ANSIBLE_FORCE_HANDLERS", "no", boolean(&c.ForceHandlers)),
		row("error_on_missing_handler", "ANSIBLE_ERROR_ON_MISSING_HANDLER", "yes", boolean(&c.MissingHandlerIsError)),
		row("error_on_undefined_vars", "ANSIBLE_ERROR_ON_UNDEFINED_VARS", "yes", boolean(&c.ErrorOnUndefined)),
		row("inject_facts_as_vars", "ANSIBLE_INJECT_FACT_VARS", "yes", boolean(&c.InjectFacts)),
		row("no_log", "ANSIBLE_NO_LOG", "no", boolean(&c.NoLog)),
		row("poll_interval", "ANSIBLE_POLL_INTERVAL", "15", integer(&c.PollInterval)),
		row("module_name", "", "command", text(&c.ModuleName)),
		row("module_args", "ANSIBLE_MODULE_ARGS", "", text(&c.ModuleArgs)),
		row("strategy", "ANSIBLE_STRATEGY", "linear", text(&c.Strategy)),
		row("enable_task_debugger", "ANSIBLE_ENABLE_TASK_DEBUGGER", "no", boolean(&c.Debugger)),
		row("task_debugger_ignore_errors", "ANSIBLE_TASK_DEBUGGER_IGNORE_ERRORS", "yes", boolean(&c.DebuggerIgnoresErrors)),
		row("compat", "DROVER_COMPAT", "2.19", oneOf(&c.Compat, "2.18", "2.19")).in("drover", "compat"),
		row("jinja2_extensions", "ANSIBLE_JINJA2_EXTENSIONS", "", list(&c.JinjaExtensions)),
		row("allow_broken_conditionals", "ANSIBLE_ALLOW_BROKEN_CONDITIONALS", "no", boolean(&c.AnyCondition)),
		row("jinja2_native", "ANSIBLE_JINJA2_NATIVE", "no", boolean(&c.JinjaNative)),
		row("task_timeout", "ANSIBLE_TASK_TIMEOUT", "0", seconds(&c.TaskTimeout)),
		row("retry_files_enabled", "ANSIBLE_RETRY_FILES_ENABLED", "no", boolean(&c.RetryFiles)),
		row("retry_files_save_path", "ANSIBLE_RETRY_FILES_SAVE_PATH", "", path(&c.RetryFilesPath)),
		row("diff_always", "ANSIBLE_DIFF_ALWAYS", "no", boolean(&c.DiffAlways)).in("diff", "always"),
		row("diff_context", "ANSIBLE_DIFF_CONTEXT", "3", integer(&c.DiffContext)).in("diff", "context"),
		row("max_diff_size", "ANSIBLE_MAX_DIFF_SIZE", "0", integer(&c.DiffMax)),
		row("ansible_managed", "", "Ansible managed", text(&c.Managed)),
		row("run_tags", "ANSIBLE_RUN_TAGS", "", list(&c.RunTags)).in("tags", "run"),
		row("skip_tags", "ANSIBLE_SKIP_TAGS", "", list(&c.SkipTags)).in("tags", "skip"),
	}
}

func vaultSettings(c *Config) []setting {
	return []setting{
		row("ask_vault_pass", "ANSIBLE_ASK_VAULT_PASS", "no", boolean(&c.AskVaultPass)),
		row("vault_password_file", "ANSIBLE_VAULT_PASSWORD_FILE", "", path(&c.VaultPasswordFile)),
		row("vault_identity", "ANSIBLE_VAULT_IDENTITY", "default", text(&c.VaultIdentity)),
		row("vault_id_match", "ANSIBLE_VAULT_ID_MATCH", "no", boolean(&c.VaultIDMatch)),
		row("vault_encrypt_identity", "ANSIBLE_VAULT_ENCRYPT_IDENTITY", "", text(&c.VaultEncryptIdentity)),
		row("vault_encrypt_salt", "ANSIBLE_VAULT_ENCRYPT_SALT", "", text(&c.VaultEncryptSalt)),
		row("vault_identity_list", "ANSIBLE_VAULT_IDENTITY_LIST", "", list(&c.VaultIdentityList)),
	}
}

func displaySettings(c *Config) []setting {
	return []setting{
		row("stdout_callback", "ANSIBLE_STDOUT_CALLBACK", "default", text(&c.StdoutCallback)),
		row("bin_ansible_callbacks", "ANSIBLE_LOAD_CALLBACK_PLUGINS", "no", boolean(&c.AdhocCallbacks)),
		row("callback_result_format", "ANSIBLE_CALLBACK_RESULT_FORMAT", "", oneOf(&c.ResultFormat, "", "json", "yaml", "readable")).
			in("defaults", "callback_result_format", "defaults", "result_format", "callback_default", "result_format"),
		row("verbosity", "ANSIBLE_VERBOSITY", "0", integer(&c.Verbosity)),
		row("log_path", "ANSIBLE_LOG_PATH", "", path(&c.LogPath)),
		row("log_verbosity", "ANSIBLE_LOG_VERBOSITY", "0", integer(&c.LogVerbosity)),
		row("nocolor", "ANSIBLE_NOCOLOR", "no", boolean(&c.NoColor)),
		row("force_color", "ANSIBLE_FORCE_COLOR", "no", boolean(&c.ForceColor)),
		row("display_skipped_hosts", "ANSIBLE_DISPLAY_SKIPPED_HOSTS", "yes", boolean(&c.DisplaySkippedHosts)),
		row("display_ok_hosts", "ANSIBLE_DISPLAY_OK_HOSTS", "yes", boolean(&c.DisplayOKHosts)),
		row("display_failed_stderr", "ANSIBLE_DISPLAY_FAILED_STDERR", "no", boolean(&c.DisplayFailedStderr)),
		row("display_args_to_stdout", "ANSIBLE_DISPLAY_ARGS_TO_STDOUT", "no", boolean(&c.DisplayArgs)),
		row("show_custom_stats", "ANSIBLE_SHOW_CUSTOM_STATS", "no", boolean(&c.ShowCustomStats)),
		row("show_per_host_start", "ANSIBLE_SHOW_PER_HOST_START", "no", boolean(&c.ShowHostStart)),
		row("show_task_path_on_failure", "ANSIBLE_SHOW_TASK_PATH_ON_FAILURE", "no", boolean(&c.ShowPathOnFailure)),
		row("callback_format_pretty", "ANSIBLE_CALLBACK_FORMAT_PRETTY", "no", boolean(&c.PrettyResults)),
		row("check_mode_markers", "ANSIBLE_CHECK_MODE_MARKERS", "no", boolean(&c.CheckModeMarkers)),
		row("deprecation_warnings", "ANSIBLE_DEPRECATION_WARNINGS", "yes", boolean(&c.DeprecationWarnings)),
	}
}
