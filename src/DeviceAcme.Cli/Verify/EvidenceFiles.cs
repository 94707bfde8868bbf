using System.Buffers.Text;
using System.Text.Json;
using DeviceAcme.Attestation.Offline;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Verify;

/// <summary>Reads the files of a command line, never more of them than evidence can have.</summary>
internal static class EvidenceFiles
{
    private const int MaxSize = 1024 * 1024;

    /// <summary>The file, or with <c>ROLE=FILE</c> the file and what it is said to be.</summary>
    public static OfflineFile Read(string argument)
    {
        var (path, role) = (argument, (string?)null);
        var sign = argument.IndexOf('=', StringComparison.Ordinal);
        if (sign > 0 && InputRoles.Names.Contains(argument[..sign]) && !File.Exists(argument))
        {
            (role, path) = (argument[..sign], argument[(sign + 1)..]);
        }

        return new OfflineFile(path, ReadBounded(path), role);
    }

    public static byte[] ReadBounded(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > MaxSize)
            {
                throw new WrongUse($"{path}: {file.Length} bytes, evidence has at most {MaxSize}", "is this the right file?");
            }

            var octets = new byte[file.Length];
            file.ReadExactly(octets);
            return octets;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new WrongUse($"{path}: {exception.Message}", null);
        }
    }

    /// <summary>The record that <c>GET /admin/v1/evidence/{id}</c> gave; null where the file is something else.</summary>
    public static EvidenceRecord? TryReadRecord(OfflineFile file)
    {
        var text = file.Bytes.Span.TrimStart(" \t\r\n"u8);
        if (file.Role is not null || text.IsEmpty || text[0] != (byte)'{' || text.IndexOf("\"profileHash\""u8) < 0)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(file.Bytes.Span, AdminJson.Default.EvidenceRecord);
        }
        catch (JsonException exception)
        {
            throw new WrongUse($"{file.Name}: looks like evidence from a server and cannot be read: {exception.Message}", "do the server and this program have the same version?");
        }
    }

    /// <summary>The bytes of a record; says so where the server kept none.</summary>
    public static byte[] Statement(EvidenceRecord record, string file)
    {
        if (record.Statement is null)
        {
            throw new WrongUse($"{file}: the server kept the verdict alone", "evidence.keep of the profile decides that; the stored verdict stands in the file");
        }

        return Base64Url.IsValid(record.Statement) ? Base64Url.DecodeFromChars(record.Statement) : throw new WrongUse($"{file}: statement is not base64url", null);
    }
}
