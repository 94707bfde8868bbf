using DeviceAcme.Core.Profiles;
using Microsoft.Data.Sqlite;

namespace DeviceAcme.Server.Profiles;

/// <summary>Profiles that administrators activated: files may count on them, and on what they took away.</summary>
internal static class StoredProfiles
{
    /// <summary>What administrators decided, by name: the profile, or null for one that they withdrew; empty where there is no store yet.</summary>
    /// <remarks>Reads beside a running server. What cannot be read is told by whoever opens the store to work with it.</remarks>
    public static IReadOnlyDictionary<string, CertificateProfile?> Read(string dataDirectory)
    {
        var decided = new Dictionary<string, CertificateProfile?>(StringComparer.Ordinal);
        var file = Path.Combine(dataDirectory, "acme.db");
        if (!File.Exists(file))
        {
            return decided;
        }

        try
        {
            using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
            connection.Open();
            if (Scalar(connection, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'profile_versions'") is not 1L
                || Scalar(connection, "SELECT content FROM profile_versions ORDER BY number DESC LIMIT 1") is not byte[] content)
            {
                return decided;
            }

            foreach (var entry in ProfileContentJson.Read(content).Values.Where(entry => !entry.FromFile))
            {
                var text = entry.Hash is null ? null : Scalar(connection, "SELECT text FROM profiles WHERE hash = $hash", ("$hash", entry.Hash)) as string;
                decided[entry.Name] = text is null ? null : ProfileFile.Parse($"{entry.Name}.yaml", text, new Mistakes());
            }

            return decided;
        }
        catch (SqliteException)
        {
            // not ours to tell: the start opens the same file next, and says what is wrong with it
            return decided;
        }
    }

    private static object? Scalar(SqliteConnection connection, string text, params (string Name, object Value)[] parameters)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command.ExecuteScalar();
    }
}
