import type { SettingName } from './schema.ts';

/** A setting holds what it must not; the message is one line that names the setting, where it came from, and what is expected. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'TACHO_BAD_SETTING';
  readonly setting: SettingName;

  constructor(setting: SettingName, message: string) {
    super(message);
    this.setting = setting;
  }
}

/** The settings file cannot be used; the message is one line that names the file and, where there is one, the line. */
export class SettingsFileError extends Error {
  override readonly name = 'SettingsFileError';
  readonly code = 'TACHO_BAD_SETTINGS_FILE';
}
