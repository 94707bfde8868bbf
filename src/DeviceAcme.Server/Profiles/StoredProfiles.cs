using System.Data.Common;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Profiles;

/// <summary>Profiles that administrators activated: files may count on them, and on what they took away.</summary>
internal static class StoredProfiles
{
    /// <summary>What administrators decided, by name: the profile, or null for one that they withdrew; empty where there is no store yet.</summary>
    /// <remarks>Reads beside a running server. What cannot be read is told by whoever opens the store to work with it.</remarks>
    public static IReadOnlyDictionary<string, CertificateProfile?> Read(ServerOptions options)
    {
        var decided = new Dictionary<string, CertificateProfile?>(StringComparer.Ordinal);
        try
        {
            var database = Databases.Of(options);
            using var connection = database.Peek();
            if (connection is null || !database.HasTable(connection, "profile_versions")
                || connection.Scalar("SELECT content FROM profile_versions ORDER BY number DESC LIMIT 1") is not byte[] content)
            {
                return decided;
            }

            foreach (var entry in ProfileContentJson.Read(content).Values.Where(entry => !entry.FromFile))
            {
                var text = entry.Hash is null ? null : connection.Scalar("SELECT text FROM profiles WHERE hash = @hash", ("@hash", entry.Hash)) as string;
                decided[entry.Name] = text is null ? null : ProfileFile.Parse($"{entry.Name}.yaml", text, new Mistakes());
            }

            return decided;
        }
        catch (DbException)
        {
            // not ours to tell: the start opens the same file next, and says what is wrong with it
            return decided;
        }
    }
}
