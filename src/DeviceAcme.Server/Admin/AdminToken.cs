using System.Text;
using DeviceAcme.Core;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Admin;

/// <summary>The bearer token of the admin listener. Whoever can read the file <c>DIR/admin.token</c> administers the server.</summary>
internal sealed class AdminToken
{
    private const string Scheme = "Bearer ";
    private readonly string _value;

    private AdminToken(string value) => _value = value;

    /// <summary>Reads the token, or makes one at first start that only the owner can read.</summary>
    public static AdminToken ReadOrMake(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, RunningServer.TokenFileName);
        OwnerFile.Make(path, Encoding.ASCII.GetBytes(Secrets.Token() + "\n"));
        var value = File.ReadAllText(path).Trim();
        return value.Length >= 32
            ? new AdminToken(value)
            : throw new StartFailure($"{path} holds {value.Length} characters, expected at least 32", "remove the file: the next start makes a new token");
    }

    public bool IsIn(string? authorization) =>
        authorization is not null
        && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && Secrets.Equal(authorization[Scheme.Length..], _value);
}
