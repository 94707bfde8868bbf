using System.Buffers.Text;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>A folder of exported evidence, for its owner alone: it names devices and holds tokens.</summary>
internal sealed class EvidenceFolder
{
    private readonly string _folder;

    public EvidenceFolder(string folder)
    {
        try
        {
            _folder = OperatingSystem.IsWindows() || Directory.Exists(folder)
                ? Directory.CreateDirectory(folder).FullName
                : Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"{folder} cannot be made: {exception.Message}");
        }
    }

    public bool Has(string id) => File.Exists(NameOf(id, "json"));

    /// <summary>The bytes first: where the JSON is, all is there.</summary>
    public void Write(EvidenceRecord record)
    {
        try
        {
            if (record.Statement is { } statement)
            {
                Write(NameOf(record.Id, Extension(record.Kind)), Base64Url.DecodeFromChars(statement));
            }

            Write(NameOf(record.Id, "json"), JsonSerializer.SerializeToUtf8Bytes(record, AdminJson.Default.EvidenceRecord));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"evidence {record.Id} cannot be written: {exception.Message}");
        }
    }

    private static string Extension(string kind) => kind switch
    {
        EvidenceKinds.Challenge => "cbor",
        EvidenceKinds.Finalize => "csr",
        _ => "bin",
    };

    private static void Write(string path, byte[] content)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path + ".new", options);
        file.Write(content);
        file.Close();
        File.Move(path + ".new", path, overwrite: true);
    }

    // ids are base64url; anything else must not name a file elsewhere
    private string NameOf(string id, string extension) => id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_')
        ? Path.Combine(_folder, $"{id}.{extension}")
        : throw new CommandFailure($"'{id}' is not an id of evidence");
}
