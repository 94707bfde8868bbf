namespace DeviceAcme.Server.Storage;

/// <summary>The databases that the store can be in.</summary>
internal static class Databases
{
    public const string FileName = "acme.db";

    /// <summary>The one that the settings name; nothing of it is opened.</summary>
    public static IDatabase Of(ServerOptions options) =>
        options.Database is { } connectionString ? new PostgresDatabase(connectionString) : new SqliteDatabase(Path.Combine(options.DataDirectory, FileName));
}
