using System.Text;
using DeviceAcme.Core;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Admin;

/// <summary>
/// The local administrator's token. Whoever can read the file <c>DIR/admin.token</c> administers the server: they could change the database
/// as well. It does not expire; removing the file and starting again makes another.
/// </summary>
internal sealed class LocalToken
{
    private readonly string _value;

    private LocalToken(string value) => _value = value;

    /// <summary>Reads the token, or makes one at first start that only the owner can read.</summary>
    public static LocalToken ReadOrMake(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, RunningServer.TokenFileName);
        OwnerFile.Make(path, Encoding.ASCII.GetBytes(Secrets.Token() + "\n"));
        var value = File.ReadAllText(path).Trim();
        return value.Length >= 32
            ? new LocalToken(value)
            : throw new StartFailure($"{path} holds {value.Length} characters, expected at least 32", "remove the file: the next start makes a new token");
    }

    public bool Is(string token) => Secrets.Equal(token, _value);
}
