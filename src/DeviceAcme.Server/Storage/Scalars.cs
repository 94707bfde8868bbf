using System.Data.Common;

namespace DeviceAcme.Server.Storage;

/// <summary>One value, where a context would be too much.</summary>
internal static class Scalars
{
    public static object? Scalar(this DbConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }

        return command.ExecuteScalar();
    }
}
