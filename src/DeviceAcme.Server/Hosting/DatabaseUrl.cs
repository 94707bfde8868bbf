using Npgsql;

namespace DeviceAcme.Server.Hosting;

/// <summary>Where the PostgreSQL database is: <c>postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=verify-full</c>, or a connection string of Npgsql.</summary>
internal static class DatabaseUrl
{
    private const string Expected = "expected postgres://USER@HOST/NAME or a connection string such as Host=HOST;Database=NAME;Username=USER";

    /// <summary>The connection string. What is wrong is said without the text, which may hold a password.</summary>
    public static string Parse(string text)
    {
        try
        {
            var settings = text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal) ? FromUrl(text) : new NpgsqlConnectionStringBuilder(text);
            if (string.IsNullOrEmpty(settings.Host) || string.IsNullOrEmpty(settings.Database))
            {
                throw new FormatException($"{Expected}; found one without a host or a database's name");
            }

            settings.ApplicationName ??= "deviceacme";

            // a failure's message must not carry what devices sent, and the log must not carry the password
            settings.IncludeErrorDetail = false;
            settings.PersistSecurityInfo = false;
            return settings.ConnectionString;
        }
        catch (Exception wrong) when (wrong is ArgumentException or UriFormatException or KeyNotFoundException)
        {
            throw new FormatException($"{Expected}; found something else, or a keyword that Npgsql does not know");
        }
    }

    private static NpgsqlConnectionStringBuilder FromUrl(string text)
    {
        var url = new Uri(text);
        var settings = new NpgsqlConnectionStringBuilder { Host = Uri.UnescapeDataString(url.Host), Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')) };
        if (url.Port > 0)
        {
            settings.Port = url.Port;
        }

        var colon = url.UserInfo.IndexOf(':', StringComparison.Ordinal);
        var (user, password) = colon < 0 ? (url.UserInfo, "") : (url.UserInfo[..colon], url.UserInfo[(colon + 1)..]);
        if (user.Length > 0)
        {
            settings.Username = Uri.UnescapeDataString(user);
        }

        if (password.Length > 0)
        {
            settings.Password = Uri.UnescapeDataString(password);
        }

        foreach (var parameter in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = parameter.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = equals < 0 ? (parameter, "") : (Uri.UnescapeDataString(parameter[..equals]), Uri.UnescapeDataString(parameter[(equals + 1)..]));
            settings[name switch { "sslmode" => "SSL Mode", "sslrootcert" => "Root Certificate", "sslcert" => "SSL Certificate", "sslkey" => "SSL Key", "application_name" => "Application Name", "options" => "Options", _ => name }] =
                name == "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }

        return settings;
    }
}
